(** Sets that have members of their own: found by augmenting paths. What is found is looked at again, so nothing rests on
    how it is found. *)

From Coq Require Import List Bool ZArith Lia FMapPositive.
From Proof Require Import Tables.
Import ListNotations.
Open Scope Z_scope.

(** The numbers of what is marked, counted from i on. *)
Fixpoint numbers_of (i : Z) (marks : list bool) : list Z :=
  match marks with
  | [] => []
  | true :: marks' => i :: numbers_of (i + 1) marks'
  | false :: marks' => numbers_of (i + 1) marks'
  end.

(** The set, by its number, that a member belongs to. *)
Definition owners := PositiveMap.t Z.

(** The set k with a member of its own, for which others may change theirs; and the members that have been looked at. *)
Fixpoint with_own {A : Type} (fuel : list A) (sets : table (list Z)) (seen : Z) (owner : owners) (k : Z) : Z * option owners :=
  match fuel with
  | [] => (seen, None)
  | _ :: fuel' =>
      (fix look (members : list Z) (seen : Z) :=
        match members with
        | [] => (seen, None)
        | c :: rest =>
            if member seen c then look rest seen
            else
              match PositiveMap.find (place c) owner with
              | None => (seen, Some (PositiveMap.add (place c) k owner))
              | Some holder =>
                  match with_own fuel' sets (with_member seen c) owner holder with
                  | (seen', Some other) => (seen', Some (PositiveMap.add (place c) k other))
                  | (seen', None) => look rest seen'
                  end
              end
        end) (match entry sets k with Some set => set | None => [] end) seen
  end.

(** As many sets as possible with members of their own. *)
Definition owners_of (sets : list (list Z)) : owners :=
  let all := with_entries no_entries sets in
  snd (fold_left (fun s _ => (fst s + 1, match with_own sets all 0 (snd s) (fst s) with (_, Some owner) => owner | _ => snd s end))
                 sets (0, PositiveMap.empty Z)).

(** Whether each member belongs to a set that it is in, and to a set of its own. *)
Fixpoint all_owned (sets : table (list Z)) (owner : owners) (used : Z) (members : list Z) : bool :=
  match members with
  | [] => true
  | c :: rest =>
      match PositiveMap.find (place c) owner with
      | None => false
      | Some k =>
          match entry sets k with
          | None => false
          | Some set => negb (member used k) && existsb (Z.eqb c) set && all_owned sets owner (with_member used k) rest
          end
      end
  end.

Definition lies_in (sets : list (list Z)) (c : Z) (k : nat) : Prop := exists set, nth_error sets k = Some set /\ In c set.

Lemma all_owned_spec : forall sets owner members used, all_owned (with_entries no_entries sets) owner used members = true ->
  exists ks, Forall2 (lies_in sets) members ks /\ NoDup ks /\ forall k, In k ks -> member used (Z.of_nat k) = false.
Proof.
  intros sets owner. induction members as [|c members IH]; intros used H; cbn [all_owned] in H.
  - exists []. split; [constructor|]. split; [constructor|]. intros k [].
  - destruct (PositiveMap.find (place c) owner) as [k|]; [|discriminate].
    destruct (entry (with_entries no_entries sets) k) as [set|] eqn:E; [|discriminate].
    apply andb_prop in H as [H R]. apply andb_prop in H as [U I]. apply negb_true_iff in U.
    apply existsb_exists in I as (d & I & D). apply Z.eqb_eq in D. subst d.
    assert (K0 := entry_number _ _ _ _ E). apply entry_nth in E; [|cbn; lia]. replace (k - size no_entries) with k in E by (cbn; lia).
    destruct (IH _ R) as (ks & F & N & M). exists (Z.to_nat k :: ks). split; [|split].
    + constructor; [exists set; split; assumption|exact F].
    + constructor; [|exact N]. intro B. apply M in B. rewrite Z2Nat.id in B by lia. rewrite member_with_self in B by lia. discriminate.
    + intros j [<-|J]; [rewrite Z2Nat.id by lia; exact U|]. destruct (member used (Z.of_nat j)) eqn:B; [|reflexivity].
      assert (B' := member_with_other used k (Z.of_nat j) ltac:(lia) B). rewrite (M j J) in B'. discriminate.
Qed.

Lemma numbers_of_nth : forall marks i c, In c (numbers_of i marks) -> i <= c /\ nth (Z.to_nat (c - i)) marks false = true.
Proof.
  induction marks as [|[] marks IH]; intros i c C; cbn [numbers_of] in C; [destruct C| |].
  - destruct C as [<-|C]; [split; [lia|]; rewrite Z.sub_diag; reflexivity|]. apply IH in C as [L E]. split; [lia|].
    replace (Z.to_nat (c - i)) with (S (Z.to_nat (c - (i + 1)))) by lia. exact E.
  - apply IH in C as [L E]. split; [lia|]. replace (Z.to_nat (c - i)) with (S (Z.to_nat (c - (i + 1)))) by lia. exact E.
Qed.

(** The numbers of what has a property, and what has it. *)
Lemma numbers_of_filter : forall A (f : A -> bool) l i,
  Forall2 (fun c a => i <= c /\ nth_error l (Z.to_nat (c - i)) = Some a) (numbers_of i (map f l)) (filter f l).
Proof.
  assert (Later : forall A (a : A) l i cs l', Forall2 (fun c b => i + 1 <= c /\ nth_error l (Z.to_nat (c - (i + 1))) = Some b) cs l' ->
    Forall2 (fun c b => i <= c /\ nth_error (a :: l) (Z.to_nat (c - i)) = Some b) cs l').
  { intros A a l i cs l'. induction 1 as [|c b cs l' (L & E) _ IH]; constructor; [|exact IH]. split; [lia|].
    replace (Z.to_nat (c - i)) with (S (Z.to_nat (c - (i + 1)))) by lia. exact E. }
  intros A f. induction l as [|a l IH]; intro i; [constructor|]. cbn [map filter numbers_of].
  destruct (f a); [|apply Later, IH]. constructor; [|apply Later, IH]. split; [lia|]. rewrite Z.sub_diag. reflexivity.
Qed.
