(** Cones {x : <x, v> <= 0 for some vectors v of integers}, and rays that generate them: by double description.

    Whether the rays are extreme need not be proved: only that every point of the cone is a sum of lines and of multiples
    of rays. A ray may go if another one is 0 wherever it is 0, which is looked at and not concluded. *)

From Coq Require Import List Bool ZArith Reals Lra Lia Arith.
From Proof Require Import Layers Integers Domains Elimination.
Import ListNotations.
Open Scope Z_scope.

(** The entries without their common factor. *)
Definition primitive (y : list Z) : list Z :=
  let d := content y in
  if 0 <? d then match quotients d y with Some z => z | None => y end else y.

(** What lies on the wall <x, v> = 0 between x and [inner], where <inner, v> < 0. *)
Definition on_wall (v inner x : list Z) : list Z :=
  primitive (combined (- product v inner) x (- product v x) inner).

(** A line that crosses the wall, and the other lines. *)
Fixpoint crossing (v : list Z) (lines : list (list Z)) : option (list Z * list (list Z)) :=
  match lines with
  | [] => None
  | l :: lines' =>
      if product v l =? 0 then
        match crossing v lines' with Some (found, others) => Some (found, l :: others) | None => None end
      else Some (l, lines')
  end.

(** The rays on one side, and one on the wall between any two on different sides. *)
Definition cut_rays (v : list Z) (rays : list (list Z)) : list (list Z) :=
  let inner := filter (fun p => product v p <? 0) rays in
  let outer := filter (fun p => 0 <? product v p) rays in
  filter (fun p => product v p <=? 0) rays ++ flat_map (fun p => map (on_wall v p) outer) inner.

Definition zeros_on (normals : list (list Z)) (p : list Z) : list bool := map (fun v => product v p =? 0) normals.

Fixpoint subset (a b : list bool) : bool :=
  match a, b with
  | x :: a', y :: b' => implb x y && subset a' b'
  | _, _ => true
  end.

(** Those whose zeros are not among the zeros of another one; of several with the same zeros, the last. *)
Fixpoint maximal (found rest : list (list bool * list Z)) : list (list bool * list Z) :=
  match rest with
  | [] => found
  | c :: rest' =>
      if existsb (fun other => subset (fst c) (fst other)) (found ++ rest') then maximal found rest'
      else maximal (c :: found) rest'
  end.

(** In the cone, and not 0 on all normals. *)
Definition is_ray (normals : list (list Z)) (p : list Z) : bool :=
  forallb (fun v => product v p <=? 0) normals && existsb (fun v => product v p <? 0) normals.

Definition is_line (normals : list (list Z)) (l : list Z) : bool := forallb (fun v => product v l =? 0) normals.

(** The rays without those that are not needed. *)
Definition thinned (normals lines rays : list (list Z)) : option (list (list Z)) :=
  if forallb (is_line normals) lines && forallb (is_ray normals) rays then
    Some (map snd (maximal [] (map (fun p => (zeros_on normals p, p)) rays)))
  else None.

(** Lines and rays for one more normal; [normals] are those so far. *)
Definition with_normal (normals : list (list Z)) (v : list Z) (lines rays : list (list Z))
  : option (list (list Z) * list (list Z)) :=
  match crossing v lines with
  | Some (l, others) =>
      let inner := if 0 <? product v l then map (fun a => (-1) * a) l else l in
      Some (map (on_wall v inner) others, inner :: map (on_wall v inner) rays)
  | None =>
      match thinned (v :: normals) lines (cut_rays v rays) with
      | Some rays' => Some (lines, rays')
      | None => None
      end
  end.

Fixpoint described (normals todo lines rays : list (list Z)) : option (list (list Z) * list (list Z)) :=
  match todo with
  | [] => Some (lines, rays)
  | v :: todo' =>
      match with_normal normals v lines rays with
      | Some (lines', rays') => described (v :: normals) todo' lines' rays'
      | None => None
      end
  end.

(** Rays that generate the cone; None if it contains a line. *)
Definition rays_of (n : nat) (normals : list (list Z)) : option (list (list Z)) :=
  if (length normals <? n)%nat then None
  else match described [] normals (unit_vectors n) [] with Some ([], rays) => Some rays | _ => None end.

Open Scope R_scope.

Definition integer_point (p : list Z) : point := fun j => IZR (nth j p 0%Z).

(** x + t p. *)
Definition moved (x : point) (t : R) (p : list Z) : point := plus x (times t (integer_point p)).

Lemma idot_moved : forall w x t p, idot w (moved x t p) = idot w x + t * IZR (product w p).
Proof. intros. unfold moved. rewrite idot_plus, idot_times. unfold integer_point. rewrite idot_nth. reflexivity. Qed.

(** x is y + t p, as far as rows of length n can tell. *)
Definition is_moved (n : nat) (x y : point) (t : R) (p : list Z) : Prop :=
  forall w, length w = n -> idot w x = idot w y + t * IZR (product w p).

Lemma moved_is : forall n x t p, is_moved n (moved x t p) x t p.
Proof. intros n x t p w _. apply idot_moved. Qed.

(** A sum of multiples of lines, and of multiples of rays that are not negative. *)
Inductive generated (n : nat) (lines rays : list (list Z)) : point -> Prop :=
  | Nothing : forall x, vanishes n x -> generated n lines rays x
  | AlongLine : forall x y t l, In l lines -> generated n lines rays y -> is_moved n x y t l -> generated n lines rays x
  | AlongRay : forall x y t p, In p rays -> 0 <= t -> generated n lines rays y -> is_moved n x y t p ->
      generated n lines rays x.

Definition alike (n : nat) (x y : point) : Prop := forall w, length w = n -> idot w x = idot w y.

Lemma generated_alike : forall n lines rays x y, generated n lines rays x -> alike n y x -> generated n lines rays y.
Proof.
  intros n lines rays x y G A. destruct G as [x V|x z t l I G M|x z t p I T G M].
  - apply Nothing. intros w W. rewrite (A w W). apply V, W.
  - apply (AlongLine n lines rays y z t l I G). intros w W. rewrite (A w W). apply M, W.
  - apply (AlongRay n lines rays y z t p I T G). intros w W. rewrite (A w W). apply M, W.
Qed.

Lemma generated_more : forall n lines rays lines' rays' x, generated n lines rays x ->
  (forall l, In l lines -> In l lines') -> (forall p, In p rays -> In p rays') -> generated n lines' rays' x.
Proof.
  intros n lines rays lines' rays' x G L R. induction G as [x V|x z t l I G IH M|x z t p I T G IH M].
  - apply Nothing, V.
  - apply (AlongLine _ _ _ x z t l); auto.
  - apply (AlongRay _ _ _ x z t p); auto.
Qed.

(** * The wall *)

Lemma primitive_product : forall y, exists f, (0 < f)%Z /\ forall w, (f * product w (primitive y) = product w y)%Z.
Proof.
  intro y. unfold primitive. destruct (0 <? content y)%Z eqn:D.
  - apply Z.ltb_lt in D. destruct (quotients (content y) y) as [z|] eqn:Q.
    + exists (content y). split; [exact D|]. apply product_quotients, Q.
    + exists 1%Z. split; [lia|]. intro. lia.
  - exists 1%Z. split; [lia|]. intro. lia.
Qed.

(** a x + c inner, up to a positive factor, with a > 0. *)
Lemma on_wall_product : forall v inner x, (product v inner < 0)%Z -> exists f, 0 < f /\ forall w,
  f * IZR (product w (on_wall v inner x)) = - IZR (product v inner) * IZR (product w x) + IZR (product v x) * IZR (product w inner).
Proof.
  intros v inner x N. unfold on_wall.
  destruct (primitive_product (combined (- product v inner) x (- product v x) inner)) as (f & F & E).
  exists (IZR f). split; [apply (IZR_lt 0), F|]. intro w. specialize (E w). rewrite product_combined in E.
  apply (f_equal IZR) in E. rewrite minus_IZR, !mult_IZR, !opp_IZR in E. lra.
Qed.

Lemma on_wall_zero : forall v inner x, (product v inner < 0)%Z -> product v (on_wall v inner x) = 0%Z.
Proof.
  intros v inner x N. destruct (on_wall_product v inner x N) as (f & F & E). specialize (E v).
  apply eq_IZR. apply Rmult_eq_reg_l with f; lra.
Qed.

Lemma generated_on_wall : forall n v lines rays x, length v = n -> generated n lines rays x ->
  (forall l, In l lines -> product v l = 0%Z) -> (forall p, In p rays -> product v p = 0%Z) -> idot v x = 0.
Proof.
  intros n v lines rays x L G HL HR. induction G as [x V|x z t l I G IH M|x z t p I T G IH M].
  - apply V, L.
  - rewrite (M v L), IH, (HL l I). ring.
  - rewrite (M v L), IH, (HR p I). ring.
Qed.

(** * A line that crosses the wall *)

Lemma crossing_spec : forall v lines l others, crossing v lines = Some (l, others) ->
  product v l <> 0%Z /\ forall k, In k lines -> k = l \/ In k others.
Proof.
  induction lines as [|k0 lines IH]; intros l others H; cbn [crossing] in H; [discriminate|].
  destruct (product v k0 =? 0)%Z eqn:E.
  - destruct (crossing v lines) as [[found rest]|]; [|discriminate]. injection H as <- <-.
    destruct (IH _ _ eq_refl) as [N A]. split; [exact N|].
    intros k [<-|K]; [right; left; reflexivity|]. destruct (A k K); [left|right; right]; assumption.
  - injection H as <- <-. split; [apply Z.eqb_neq, E|]. intros k [<-|K]; auto.
Qed.

Lemma crossing_none : forall v lines, crossing v lines = None -> forall l, In l lines -> product v l = 0%Z.
Proof.
  induction lines as [|k lines IH]; intros H l L; [destruct L|]. cbn [crossing] in H.
  destruct (product v k =? 0)%Z eqn:E; [|discriminate].
  destruct (crossing v lines) as [[found rest]|] eqn:C; [discriminate|].
  destruct L as [<-|L]; [apply Z.eqb_eq, E|apply IH; auto].
Qed.

(** Everything is something on the wall and a multiple of the inner vector. *)
Lemma split_at_wall : forall n v inner l others rays lines x,
  (product v inner < 0)%Z -> (exists s, forall w, IZR (product w l) = s * IZR (product w inner)) ->
  (forall k, In k lines -> k = l \/ In k others) -> generated n lines rays x ->
  exists y t, generated n (map (on_wall v inner) others) (map (on_wall v inner) rays) y /\ is_moved n x y t inner.
Proof.
  intros n v inner l others rays lines x N (s & S) A G.
  assert (A0 : 0 < - IZR (product v inner)) by (apply IZR_lt in N; lra).
  assert (W : forall p, exists f b, 0 < f /\ forall w,
    IZR (product w p) = f * IZR (product w (on_wall v inner p)) + b * IZR (product w inner)).
  { intro p. destruct (on_wall_product v inner p N) as (f & F & E).
    exists (f / - IZR (product v inner)), (- (IZR (product v p) / - IZR (product v inner))).
    split; [apply Rdiv_lt_0_compat; assumption|]. intro w. specialize (E w).
    apply Rmult_eq_reg_l with (- IZR (product v inner)); [|lra]. field_simplify; [|lra]. lra. }
  induction G as [x V|x z t k I G IH M|x z t p I T G IH M].
  - exists x, 0. split; [apply Nothing, V|]. intros w _. ring.
  - destruct IH as (y & u & GY & MY). destruct (A k I) as [->|O].
    + exists y, (u + t * s). split; [exact GY|]. intros w L. rewrite (M w L), (MY w L), S. ring.
    + destruct (W k) as (f & b & _ & E).
      exists (moved y (t * f) (on_wall v inner k)), (u + t * b). split.
      * apply (AlongLine _ _ _ _ y (t * f) (on_wall v inner k)); [apply in_map, O|exact GY|apply moved_is].
      * intros w L. rewrite (M w L), (MY w L), idot_moved, E. ring.
  - destruct IH as (y & u & GY & MY). destruct (W p) as (f & b & F & E).
    exists (moved y (t * f) (on_wall v inner p)), (u + t * b). split.
    + apply (AlongRay _ _ _ _ y (t * f) (on_wall v inner p)); [apply in_map, I|nra|exact GY|apply moved_is].
    + intros w L. rewrite (M w L), (MY w L), idot_moved, E. ring.
Qed.

(** What lines and rays generate contains the cone. *)
Definition generate (n : nat) (normals lines rays : list (list Z)) : Prop :=
  forall x, (forall v, In v normals -> idot v x <= 0) -> generated n lines rays x.

Lemma product_negative : forall w l, product w (map (fun a => (-1) * a)%Z l) = (- product w l)%Z.
Proof. intros. rewrite (product_scaled w (-1) l). lia. Qed.

Lemma crossed_generate : forall n normals v lines rays l others, length v = n ->
  crossing v lines = Some (l, others) -> generate n normals lines rays ->
  let inner := if (0 <? product v l)%Z then map (fun a => (-1) * a)%Z l else l in
  generate n (v :: normals) (map (on_wall v inner) others) (inner :: map (on_wall v inner) rays).
Proof.
  intros n normals v lines rays l others L C G inner x X.
  destruct (crossing_spec _ _ _ _ C) as [NZ A].
  assert (N : (product v inner < 0)%Z).
  { unfold inner. destruct (Z.ltb_spec 0 (product v l)); [rewrite product_negative|]; lia. }
  assert (S : exists s, forall w, IZR (product w l) = s * IZR (product w inner)).
  { unfold inner. destruct (0 <? product v l)%Z.
    - exists (-1). intro w. rewrite product_negative, opp_IZR. ring.
    - exists 1. intro w. ring. }
  destruct (split_at_wall n v inner l others rays lines x N S A) as (y & t & GY & MY).
  { apply G. intros u U. apply X. right. exact U. }
  assert (ZY : idot v y = 0).
  { apply (generated_on_wall n v _ _ y L GY); intros p P; apply in_map_iff in P as (q & <- & _); apply on_wall_zero, N. }
  assert (XV := X v (or_introl eq_refl)). rewrite (MY v L), ZY in XV. apply IZR_lt in N.
  apply (AlongRay _ _ _ x y t inner); [left; reflexivity|nra| |exact MY].
  apply (generated_more _ _ _ _ _ y GY); [auto|]. intros p P. right. exact P.
Qed.

(** * Rays on both sides *)

(** A multiple of an outer ray added to what is far enough inside. *)
Lemma absorbed : forall n v lines rays rays' o p, length v = n ->
  (forall l, In l lines -> product v l = 0%Z) ->
  (forall g, In g rays' -> (product v g < 0)%Z -> In g rays -> In (on_wall v g o) rays') ->
  (forall g, In g rays' -> In g rays \/ product v g = 0%Z) -> (forall g, In g rays' -> (product v g <= 0)%Z) ->
  (0 < product v o)%Z ->
  generated n lines rays' p -> forall t x, 0 <= t -> idot v p + t * IZR (product v o) <= 0 -> is_moved n x p t o ->
  generated n lines rays' x.
Proof.
  intros n v lines rays rays' o p L HL HP HO HI O G. apply (IZR_lt 0) in O.
  induction G as [p V|p z s l I G IH M|p z s g I T G IH M]; intros t x T0 B MX.
  - assert (t = 0) by (rewrite (V v L) in B; nra). subst t. apply Nothing. intros w W. rewrite (MX w W), (V w W). ring.
  - assert (E : idot v p = idot v z) by (rewrite (M v L), (HL l I); ring). rewrite E in B.
    apply (AlongLine _ _ _ x (moved z t o) s l I).
    + apply (IH t _ T0 B). apply moved_is.
    + intros w W. rewrite (MX w W), (M w W), idot_moved. ring.
  - rewrite (M v L) in B. destruct (Z.eq_dec (product v g) 0) as [E|N].
    + apply (AlongRay _ _ _ x (moved z t o) s g I T).
      * apply (IH t); [exact T0| |apply moved_is]. rewrite E in B. lra.
      * intros w W. rewrite (MX w W), (M w W), idot_moved. ring.
    + assert (GN : (product v g < 0)%Z) by (specialize (HI g I); lia).
      assert (GR : In g rays) by (destruct (HO g I); [assumption|contradiction]).
      destruct (on_wall_product v g o GN) as (f & F & E). assert (I' := HP g I GN GR).
      apply IZR_lt in GN. set (a := - IZR (product v g)) in *. set (b := IZR (product v o)) in *.
      assert (A0 : 0 < a) by (unfold a; lra).
      destruct (Rle_or_lt (t * b) (s * a)) as [C|C].
      * (* all of o goes to the wall *)
        apply (AlongRay _ _ _ x (moved z (s - t * b / a) g) (t * f / a) (on_wall v g o) I').
        -- apply Rmult_le_pos; [nra|]. apply Rlt_le, Rinv_0_lt_compat, A0.
        -- apply (AlongRay _ _ _ _ z (s - t * b / a) g I); [|exact G|apply moved_is].
           apply Rmult_le_reg_r with a; [exact A0|]. field_simplify; lra.
        -- intros w W. rewrite (MX w W), (M w W), idot_moved. specialize (E w).
           replace (t * f / a * IZR (product w (on_wall v g o))) with (t / a * (f * IZR (product w (on_wall v g o)))) by (field; lra).
           rewrite E. field. lra.
      * (* all of g does *)
        apply (AlongRay _ _ _ x (moved z (t - s * a / b) o) (s * f / b) (on_wall v g o) I').
        -- apply Rmult_le_pos; [nra|]. apply Rlt_le, Rinv_0_lt_compat, O.
        -- apply (IH (t - s * a / b)); [| |apply moved_is].
           ++ apply Rmult_le_reg_r with b; [exact O|]. field_simplify; lra.
           ++ replace (idot v z + (t - s * a / b) * b) with (idot v z + s * - a + t * b) by (field; lra). unfold a. lra.
        -- intros w W. rewrite (MX w W), (M w W), idot_moved. specialize (E w).
           replace (s * f / b * IZR (product w (on_wall v g o))) with (s / b * (f * IZR (product w (on_wall v g o)))) by (field; lra).
           rewrite E. field. lra.
Qed.

Lemma cut_rays_in : forall v rays p, In p rays -> (product v p <= 0)%Z -> In p (cut_rays v rays).
Proof. intros v rays p P N. apply in_or_app. left. apply filter_In. split; [exact P|]. apply Z.leb_le, N. Qed.

Lemma cut_rays_wall : forall v rays g o, In g rays -> In o rays -> (product v g < 0)%Z -> (0 < product v o)%Z ->
  In (on_wall v g o) (cut_rays v rays).
Proof.
  intros v rays g o G O NG PO. apply in_or_app. right. apply in_flat_map. exists g. split.
  - apply filter_In. split; [exact G|]. apply Z.ltb_lt, NG.
  - apply in_map, filter_In. split; [exact O|]. apply Z.ltb_lt, PO.
Qed.

Lemma cut_rays_from : forall v rays p, In p (cut_rays v rays) ->
  (In p rays \/ product v p = 0%Z) /\ (product v p <= 0)%Z.
Proof.
  intros v rays p P. apply in_app_or in P as [P|P].
  - apply filter_In in P as [P N]. apply Z.leb_le in N. auto.
  - apply in_flat_map in P as (g & G & P). apply filter_In in G as [G N]. apply Z.ltb_lt in N.
    apply in_map_iff in P as (o & <- & O). rewrite on_wall_zero by exact N. split; [right; reflexivity|lia].
Qed.

(** Apart from outer rays. *)
Lemma split_off_outer : forall n v lines rays x, generated n lines rays x ->
  exists p q, generated n lines (cut_rays v rays) p /\
    generated n [] (filter (fun o => 0 <? product v o)%Z rays) q /\ alike n x (plus p q).
Proof.
  intros n v lines rays x G. induction G as [x V|x z t l I G IH M|x z t p I T G IH M].
  - exists x, zero_point. split; [apply Nothing, V|]. split.
    + apply Nothing. intros w _. rewrite (idot_ext w zero_point (times 0 zero_point)); [rewrite idot_times; ring|].
      intros; unfold times, zero_point; ring.
    + intros w _. apply idot_ext. intros j _. unfold plus, zero_point. ring.
  - destruct IH as (p & q & P & Q & A). exists (moved p t l), q.
    split; [apply (AlongLine _ _ _ _ p t l I P), moved_is|]. split; [exact Q|].
    intros w W. rewrite idot_plus, idot_moved, (M w W), (A w W), idot_plus. ring.
  - destruct IH as (p' & q & P & Q & A). destruct (Z.le_gt_cases (product v p) 0) as [N|N].
    + exists (moved p' t p), q. split.
      * apply (AlongRay _ _ _ _ p' t p); [apply cut_rays_in; assumption|exact T|exact P|apply moved_is].
      * split; [exact Q|]. intros w W. rewrite idot_plus, idot_moved, (M w W), (A w W), idot_plus. ring.
    + exists p', (moved q t p). split; [exact P|]. split.
      * apply (AlongRay _ _ _ _ q t p); [|exact T|exact Q|apply moved_is].
        apply filter_In. split; [exact I|]. apply Z.ltb_lt. lia.
      * intros w W. rewrite idot_plus, idot_moved, (M w W), (A w W), idot_plus. ring.
Qed.

Lemma absorbed_all : forall n v lines rays p q, length v = n -> (forall l, In l lines -> product v l = 0%Z) ->
  generated n lines (cut_rays v rays) p -> generated n [] (filter (fun o => 0 <? product v o)%Z rays) q ->
  forall x, alike n x (plus p q) -> idot v x <= 0 -> generated n lines (cut_rays v rays) x.
Proof.
  intros n v lines rays p q L HL P Q. induction Q as [q V|q z t l [] _ _ _|q z t o I T Q IH M]; intros x A B.
  - apply (generated_alike n _ _ p x P). intros w W. rewrite (A w W), idot_plus, (V w W). ring.
  - apply filter_In in I as [I O]. apply Z.ltb_lt in O.
    rewrite (A v L), idot_plus, (M v L) in B.
    refine (absorbed n v lines rays (cut_rays v rays) o (plus p z) L HL _ _ _ O _ t x T _ _).
    + intros g G N GR. apply cut_rays_wall; assumption.
    + intros g G. apply (cut_rays_from v rays g G).
    + intros g G. apply (cut_rays_from v rays g G).
    + apply IH; [intros w _; reflexivity|]. rewrite idot_plus. apply (IZR_lt 0) in O. nra.
    + rewrite idot_plus. lra.
    + intros w W. rewrite (A w W), !idot_plus, (M w W). ring.
Qed.

Lemma cut_generate : forall n normals v lines rays, length v = n -> (forall l, In l lines -> product v l = 0%Z) ->
  generate n normals lines rays -> generate n (v :: normals) lines (cut_rays v rays).
Proof.
  intros n normals v lines rays L HL G x X.
  destruct (split_off_outer n v lines rays x) as (p & q & P & Q & A); [apply G; intros u U; apply X; right; exact U|].
  apply (absorbed_all n v lines rays p q L HL P Q x A). apply X. left. reflexivity.
Qed.

(** * Rays that are not needed *)

Lemma subset_transitive : forall a b c, subset a b = true -> subset b c = true -> length a = length b ->
  length b = length c -> subset a c = true.
Proof.
  induction a as [|x a IH]; intros [|y b] [|z c] P Q L M; try reflexivity; try discriminate.
  cbn [subset length] in *. apply andb_prop in P as [P P'], Q as [Q Q'].
  rewrite (IH b c P' Q') by lia. destruct x, y, z; try reflexivity; discriminate.
Qed.

Lemma subset_self : forall a, subset a a = true.
Proof. induction a as [|x a IH]; [reflexivity|]. cbn [subset]. rewrite IH. destruct x; reflexivity. Qed.

Lemma maximal_keeps : forall rest found c, In c found -> In c (maximal found rest).
Proof.
  induction rest as [|d rest IH]; intros found c C; cbn [maximal]; [exact C|].
  destruct (existsb _ (found ++ rest)); apply IH; [exact C|right; exact C].
Qed.

Lemma maximal_from : forall rest found c, In c (maximal found rest) -> In c found \/ In c rest.
Proof.
  induction rest as [|d rest IH]; intros found c C; cbn [maximal] in C; [left; exact C|].
  destruct (existsb _ (found ++ rest)); apply IH in C; cbn [In] in *; tauto.
Qed.

Lemma maximal_covers : forall k rest found, (forall c, In c (found ++ rest) -> length (fst c) = k) ->
  forall c, In c rest -> exists d, In d (maximal found rest) /\ subset (fst c) (fst d) = true.
Proof.
  intro k. induction rest as [|e rest IH]; intros found LK c C; [destruct C|]. cbn [maximal].
  destruct (existsb (fun other => subset (fst e) (fst other)) (found ++ rest)) eqn:E.
  - assert (LK' : forall d, In d (found ++ rest) -> length (fst d) = k).
    { intros d D. apply LK. apply in_app_or in D as [D|D]; apply in_or_app; [left|right; right]; exact D. }
    destruct C as [<-|C]; [|apply (IH found LK' c C)].
    apply existsb_exists in E as (o & O & S). assert (LO := LK' o O). apply in_app_or in O as [O|O].
    + exists o. split; [apply maximal_keeps, O|exact S].
    + destruct (IH found LK' o O) as (d & D & SD). exists d. split; [exact D|].
      assert (LE : length (fst e) = k) by (apply LK, in_or_app; right; left; reflexivity).
      apply (subset_transitive _ _ _ S SD); [congruence|].
      apply maximal_from in D. rewrite LO. symmetry. apply LK', in_or_app. exact D.
  - assert (LK' : forall d, In d ((e :: found) ++ rest) -> length (fst d) = k).
    { intros d D. apply LK. cbn [app In] in D. apply in_or_app. cbn [In]. destruct D as [D|D]; [right; left; exact D|].
      apply in_app_or in D as [D|D]; [left|right; right]; exact D. }
    destruct C as [<-|C]; [|apply (IH (e :: found) LK' c C)].
    exists e. split; [apply maximal_keeps; left; reflexivity|apply subset_self].
Qed.

Lemma zeros_subset : forall normals p g, subset (zeros_on normals p) (zeros_on normals g) = true ->
  forall v, In v normals -> product v p = 0%Z -> product v g = 0%Z.
Proof.
  induction normals as [|u normals IH]; intros p g H v V Z0; [destruct V|]. cbn [zeros_on map subset] in H.
  apply andb_prop in H as [H H']. destruct V as [<-|V]; [|apply (IH p g H' v V Z0)].
  rewrite Z0 in H. apply Z.eqb_eq in H. exact H.
Qed.

(** As far as one can go from x against a ray within the cone. *)
Lemma farthest : forall normals x g, (forall v, In v normals -> idot v x <= 0) ->
  (exists v, In v normals /\ (product v g < 0)%Z) ->
  exists t, 0 <= t /\ (forall v, In v normals -> idot v x - t * IZR (product v g) <= 0) /\
    exists v, In v normals /\ (product v g < 0)%Z /\ idot v x = t * IZR (product v g).
Proof.
  induction normals as [|u normals IH]; intros x g X (v & V & N); [destruct V|].
  assert (XU := X u (or_introl eq_refl)).
  assert (X' : forall v, In v normals -> idot v x <= 0) by (intros w W; apply X; right; exact W).
  destruct (existsb (fun w => product w g <? 0)%Z normals) eqn:E.
  - apply existsb_exists in E as (w & W & NW). apply Z.ltb_lt in NW.
    destruct (IH x g X' (ex_intro _ w (conj W NW))) as (t & T & A & (z & ZI & NZ & EZ)).
    destruct (Rle_or_lt (idot u x - t * IZR (product u g)) 0) as [B|B].
    + exists t. split; [exact T|]. split; [intros y [<-|Y]; auto|]. exists z. split; [right; exact ZI|auto].
    + assert (NU : (product u g < 0)%Z).
      { apply lt_IZR. destruct (Rle_or_lt 0 (IZR (product u g))); [nra|assumption]. }
      assert (NU' := IZR_lt _ _ NU). exists (idot u x / IZR (product u g)).
      assert (EU : idot u x / IZR (product u g) * IZR (product u g) = idot u x) by (field; lra).
      assert (LT : idot u x / IZR (product u g) <= t).
      { apply Rmult_le_reg_r with (- IZR (product u g)); [lra|]. nra. }
      assert (P0 : 0 <= idot u x / IZR (product u g)).
      { apply Rmult_le_reg_r with (- IZR (product u g)); [lra|]. nra. }
      split; [exact P0|]. split.
      * intros y [<-|Y]; [lra|]. specialize (A y Y). specialize (X' y Y).
        destruct (Rle_or_lt 0 (IZR (product y g))); nra.
      * exists u. split; [left; reflexivity|]. split; [exact NU|]. lra.
  - assert (V' : v = u).
    { destruct V as [V|V]; [symmetry; exact V|]. exfalso. assert (C : existsb (fun w => product w g <? 0)%Z normals = true); [|congruence].
      apply existsb_exists. exists v. split; [exact V|apply Z.ltb_lt, N]. }
    subst v. assert (NU' := IZR_lt _ _ N). exists (idot u x / IZR (product u g)).
    assert (EU : idot u x / IZR (product u g) * IZR (product u g) = idot u x) by (field; lra).
    assert (P0 : 0 <= idot u x / IZR (product u g)).
    { apply Rmult_le_reg_r with (- IZR (product u g)); [lra|]. nra. }
    split; [exact P0|]. split.
    + intros y [<-|Y]; [lra|]. specialize (X' y Y).
      assert (0 <= IZR (product y g)); [|nra]. apply IZR_le. destruct (Z.lt_ge_cases (product y g) 0) as [C|C]; [|exact C].
      assert (D : existsb (fun w => product w g <? 0)%Z normals = true); [|congruence].
      apply existsb_exists. exists y. split; [exact Y|apply Z.ltb_lt, C].
    + exists u. split; [left; reflexivity|]. split; [exact N|]. lra.
Qed.

(** How many normals are not 0 at a point. *)
Definition open_walls (normals : list (list Z)) (x : point) : nat :=
  length (filter (fun v => if Req_EM_T (idot v x) 0 then false else true) normals).

Lemma fewer_of : forall A (f g : A -> bool) l, (forall a, In a l -> f a = true -> g a = true) ->
  (length (filter f l) <= length (filter g l))%nat /\
  ((exists a, In a l /\ f a = false /\ g a = true) -> (length (filter f l) < length (filter g l))%nat).
Proof.
  induction l as [|b l IH]; intros H; [split; [simpl; lia|intros (a & [] & _)]|].
  destruct (IH (fun a I => H a (or_intror I))) as [LE LT]. specialize (H b (or_introl eq_refl)). cbn [filter].
  split.
  - destruct (f b); [rewrite H by reflexivity; simpl; lia|]. destruct (g b); simpl; lia.
  - intros (a & [<-|I] & F & G).
    + rewrite F, G. simpl. lia.
    + assert (LT' := LT (ex_intro _ a (conj I (conj F G)))). destruct (f b); [rewrite H by reflexivity; simpl; lia|].
      destruct (g b); simpl; lia.
Qed.

(** What is generated lies in the cone; and it is a sum of lines, or some ray is 0 wherever it is. *)
Lemma zero_with_a_ray : forall n normals lines rays x, (forall v, In v normals -> length v = n) ->
  (forall l, In l lines -> is_line normals l = true) -> (forall p, In p rays -> is_ray normals p = true) ->
  generated n lines rays x ->
  (forall v, In v normals -> idot v x <= 0) /\
  (generated n lines [] x \/ exists p, In p rays /\ forall v, In v normals -> idot v x = 0 -> product v p = 0%Z).
Proof.
  intros n normals lines rays x LN HL HR G. induction G as [x V|x z t l I G [IN IH] M|x z t p I T G [IN IH] M].
  - split; [|left; apply Nothing, V]. intros v W. rewrite (V v (LN v W)). lra.
  - assert (E : forall v, In v normals -> idot v x = idot v z).
    { intros v W. specialize (HL l I). unfold is_line in HL. rewrite forallb_forall in HL. specialize (HL v W).
      apply Z.eqb_eq in HL. rewrite (M v (LN v W)), HL. ring. }
    split; [intros v W; rewrite (E v W); apply IN, W|]. destruct IH as [IH|(p & P & C)].
    + left. apply (AlongLine _ _ _ x z t l I IH M).
    + right. exists p. split; [exact P|]. intros v W Z0. apply (C v W). rewrite <- (E v W). exact Z0.
  - specialize (HR p I). unfold is_ray in HR. apply andb_prop in HR as [HR _]. rewrite forallb_forall in HR.
    assert (N : forall v, In v normals -> IZR (product v p) <= 0) by (intros v W; apply IZR_le, Z.leb_le, HR, W).
    split; [intros v W; rewrite (M v (LN v W)); specialize (N v W); specialize (IN v W); nra|].
    destruct (Req_dec t 0) as [->|T0].
    + assert (A : alike n x z) by (intros w W; rewrite (M w W); ring).
      destruct IH as [IH|(q & Q & C)]; [left; apply (generated_alike n _ _ z x IH A)|].
      right. exists q. split; [exact Q|]. intros v W Z0. apply (C v W). rewrite <- (A v (LN v W)). exact Z0.
    + right. exists p. split; [exact I|]. intros v W Z0. apply eq_IZR. rewrite (M v (LN v W)) in Z0.
      specialize (N v W). specialize (IN v W). assert (0 < t) by lra. nra.
Qed.

Lemma thinned_generate : forall n normals lines rays rays', (forall v, In v normals -> length v = n) ->
  thinned normals lines rays = Some rays' -> generate n normals lines rays -> generate n normals lines rays'.
Proof.
  intros n normals lines rays rays' LN H G. unfold thinned in H.
  destruct (forallb (is_line normals) lines && forallb (is_ray normals) rays)%bool eqn:E; [|discriminate].
  apply andb_prop in E as [HL HR]. rewrite forallb_forall in HL, HR. injection H as <-.
  set (candidates := map (fun p => (zeros_on normals p, p)) rays).
  assert (CF : forall c, In c candidates -> fst c = zeros_on normals (snd c) /\ In (snd c) rays).
  { intros c C. apply in_map_iff in C as (p & <- & P). auto. }
  assert (CV : forall p, In p rays -> exists g, In g (map snd (maximal [] candidates)) /\ In g rays /\
    forall v, In v normals -> product v p = 0%Z -> product v g = 0%Z).
  { intros p P. destruct (maximal_covers (length normals) candidates []) with (c := (zeros_on normals p, p)) as (d & D & S).
    - intros c C. destruct (CF c C) as [-> _]. apply map_length.
    - apply in_map_iff. exists p. auto.
    - assert (D' := D). apply maximal_from in D' as [[]|D']. destruct (CF d D') as [F R].
      exists (snd d). split; [apply in_map, D|]. split; [exact R|]. rewrite F in S. apply (zeros_subset normals p (snd d) S). }
  enough (S : forall k x, (open_walls normals x < k)%nat -> (forall v, In v normals -> idot v x <= 0) ->
    generated n lines (map snd (maximal [] candidates)) x).
  { intros x X. apply (S (Datatypes.S (open_walls normals x))); [lia|exact X]. }
  induction k as [|k IH]; intros x K X; [lia|].
  destruct (zero_with_a_ray n normals lines rays x LN HL HR (G x X)) as [_ [L|(p & P & C)]].
  - apply (generated_more n lines [] _ _ x L); [auto|intros q []].
  - destruct (CV p P) as (g & GI & GR & GZ). assert (R := HR g GR). unfold is_ray in R. apply andb_prop in R as [_ R].
    apply existsb_exists in R as (u & U & NU). apply Z.ltb_lt in NU.
    destruct (farthest normals x g X (ex_intro _ u (conj U NU))) as (t & T & B & (v & V & NV & EV)).
    apply (AlongRay _ _ _ x (moved x (- t) g) t g GI T).
    + apply IH.
      * apply Nat.lt_le_trans with (open_walls normals x); [|lia]. unfold open_walls. apply fewer_of.
        -- intros w W. rewrite idot_moved. destruct (Req_EM_T (idot w x) 0) as [Z0|NZ]; [|reflexivity].
           rewrite (GZ w W (C w W Z0)), Z0. destruct (Req_EM_T (0 + - t * 0) 0) as [|NZ]; [discriminate|]. exfalso. apply NZ. ring.
        -- exists v. split; [exact V|]. rewrite idot_moved. split.
           ++ destruct (Req_EM_T (idot v x + - t * IZR (product v g)) 0) as [|NZ]; [reflexivity|]. exfalso. apply NZ. lra.
           ++ destruct (Req_EM_T (idot v x) 0) as [Z0|]; [|reflexivity]. specialize (GZ v V (C v V Z0)). lia.
      * intros w W. rewrite idot_moved. specialize (B w W). lra.
    + intros w W. rewrite idot_moved. ring.
Qed.

(** * All normals *)

Lemma with_normal_generate : forall n normals v lines rays lines' rays', length v = n ->
  (forall u, In u normals -> length u = n) -> with_normal normals v lines rays = Some (lines', rays') ->
  generate n normals lines rays -> generate n (v :: normals) lines' rays'.
Proof.
  intros n normals v lines rays lines' rays' L LN H G. unfold with_normal in H.
  destruct (crossing v lines) as [[l others]|] eqn:C.
  - injection H as <- <-. apply (crossed_generate n normals v lines rays l others L C G).
  - destruct (thinned (v :: normals) lines (cut_rays v rays)) as [thin|] eqn:T; [|discriminate]. injection H as <- <-.
    apply (thinned_generate n (v :: normals) lines (cut_rays v rays)); [|exact T|].
    + intros u [<-|U]; auto.
    + apply cut_generate; [exact L| |exact G]. apply crossing_none, C.
Qed.

Lemma described_generate : forall n todo normals lines rays lines' rays',
  (forall u, In u normals -> length u = n) -> (forall u, In u todo -> length u = n) ->
  described normals todo lines rays = Some (lines', rays') -> generate n normals lines rays ->
  forall x, (forall v, In v normals \/ In v todo -> idot v x <= 0) -> generated n lines' rays' x.
Proof.
  induction todo as [|v todo IH]; intros normals lines rays lines' rays' LN LT H G x X; cbn [described] in H.
  - injection H as <- <-. apply G. intros v V. apply X. left. exact V.
  - destruct (with_normal normals v lines rays) as [[lines1 rays1]|] eqn:W; [|discriminate].
    assert (L := LT v (or_introl eq_refl)).
    apply (IH (v :: normals) lines1 rays1); auto.
    + intros u [<-|U]; auto.
    + intros u U. apply LT. right. exact U.
    + apply (with_normal_generate n normals v lines rays); assumption.
    + intros u [[<-|U]|U]; apply X; cbn [In]; auto.
Qed.

Lemma generated_by_all : forall n Y x c, (forall w, length w = n -> idot w x = idot (products w Y) c) ->
  forall lines, (forall y, In y Y -> In y lines) -> generated n lines [] x.
Proof.
  induction Y as [|y Y IH]; intros x c H lines I.
  - apply Nothing. intros w W. rewrite (H w W). reflexivity.
  - apply (AlongLine _ _ _ x (moved x (- c 0%nat) y) (c 0%nat) y); [apply I; left; reflexivity| |].
    + apply (IH _ (fun j => c (S j))).
      * intros w W. rewrite idot_moved, (H w W). cbn [products map idot]. fold (products w Y). ring.
      * intros z Z. apply I. right. exact Z.
    + intros w W. rewrite idot_moved. ring.
Qed.

(** The rays generate the cone. *)
Theorem rays_of_generate : forall n normals rays, rays_of n normals = Some rays ->
  (forall v, In v normals -> length v = n) -> generate n normals [] rays.
Proof.
  intros n normals rays H L x X. unfold rays_of in H. destruct (length normals <? n)%nat; [discriminate|].
  destruct (described [] normals (unit_vectors n) []) as [[[|l lines] found]|] eqn:D; try discriminate. injection H as <-.
  apply (described_generate n normals [] (unit_vectors n) [] [] found).
  - intros u [].
  - exact L.
  - exact D.
  - intros y _. destruct (spanned_by_units n y) as (c & C). apply (generated_by_all n (unit_vectors n) y c C). auto.
  - intros v [[]|V]. apply X, V.
Qed.
